"""Which files of a folder are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ft_magics.data.sources import Source, open_source
from ft_magics.errors import DataError


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'{{"user": "{name}"}}\n')


def read(folder: Path, split: str | None = None) -> tuple[list[str], Source]:
    source = open_source(folder, "here", split=split)
    return [row["user"] for _, row in source.rows()], source  # type: ignore[index]


def told(source: Source) -> str:
    return " | ".join(note.text for note in source.notes)


def test_files_named_after_splits(tmp_path: Path) -> None:
    fill(tmp_path, "train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl", "faq_dev.json",
         "test.jsonl", ".hidden.jsonl", "dataset_infos.json", "LICENSE.txt", "picture.png")  # fmt: skip
    found, source = read(tmp_path)
    assert found == ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"]
    assert "2 files of validation, test" in told(source)
    for name in ("validation", "dev"):
        assert read(tmp_path, name)[0] == ["faq_dev.json"]
    assert read(tmp_path, "test")[1].origin == "1 file, split test"
    with pytest.raises(DataError, match=r"no split 'tset'\. Did you mean 'test'"):
        read(tmp_path, "tset")


def test_files_that_only_look_like_splits(tmp_path: Path) -> None:
    fill(tmp_path, "latest.jsonl", "contest.jsonl")
    assert read(tmp_path)[0] == ["contest.jsonl", "latest.jsonl"]


def test_only_files_of_other_splits(tmp_path: Path) -> None:
    fill(tmp_path, "test.jsonl", "val.jsonl")
    with pytest.raises(DataError, match=r"has the splits test, validation\. Name one"):
        read(tmp_path)


@pytest.mark.parametrize("inner", ["data", "train"])
def test_folders_within(tmp_path: Path, inner: str) -> None:
    fill(
        tmp_path, "README.md", f"{inner}/a.jsonl", f"{inner}/b.jsonl", "test/c.jsonl", "old/x.jsonl"
    )
    found, source = read(tmp_path)
    assert found == [f"{inner}/a.jsonl", f"{inner}/b.jsonl"]
    assert "a file of test" in told(source)


def test_what_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no files of rows\. What is read are files that end"):
        read(tmp_path)
    fill(tmp_path, "README.md", "x.png")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(DataError, match="has no files of rows"):
        read(tmp_path)


def test_folders_that_datasets_wrote(tmp_path: Path) -> None:
    import datasets

    data = datasets.Dataset.from_list([{"user": f"q{i}"} for i in range(50)])
    data.shuffle(seed=0).select(range(20)).save_to_disk(str(tmp_path / "one"), num_shards=2)
    found, source = read(tmp_path / "one")
    assert found == data.shuffle(seed=0)["user"][:20] and source.origin == "2 files"
    both = datasets.DatasetDict({"train": data, "test": data.select([3])})
    both.save_to_disk(str(tmp_path / "both"))
    assert len(read(tmp_path / "both")[0]) == 50
    assert read(tmp_path / "both", "test")[0] == ["q3"]
    with pytest.raises(DataError, match="has no splits"):
        read(tmp_path / "one", "test")


def test_a_listing_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    fill(tmp_path, "secret.arrow", "x/state.json")
    (tmp_path / "x" / "state.json").write_text('{"_data_files": [{"filename": "../secret.arrow"}]}')
    with pytest.raises(DataError, match="has no files of rows"):
        read(tmp_path / "x")


def test_splits_of_the_hub_that_are_not_one(tmp_path: Path) -> None:
    # ultrachat's: the same rows again, for another use.
    names = [
        f"data/{split}-0000{i}-of-00002.jsonl"
        for split in ("test_gen", "test_sft", "train_gen", "train_sft")
        for i in range(2)
    ]
    fill(tmp_path, *names)
    splits = "test_gen, test_sft, train_gen, train_sft"
    with pytest.raises(DataError, match=f"has the splits {splits}. Name one: --split train_gen"):
        read(tmp_path)
    found, source = read(tmp_path, "train_sft")
    assert found == names[6:] and "6 files of test_gen, test_sft, train_gen" in told(source)
    with pytest.raises(DataError, match=r"no split 'train'\. Did you mean 'train_"):
        read(tmp_path, "train")


def test_one_odd_split_is_named_as_the_hub_does_or_as_usual(tmp_path: Path) -> None:
    fill(tmp_path, "train_sft-00000-of-00001.jsonl", "test_sft-00000-of-00001.jsonl")
    for name in (None, "train", "train_sft"):
        assert read(tmp_path, name)[0] == ["train_sft-00000-of-00001.jsonl"]


def test_folders_of_subsets(tmp_path: Path) -> None:
    # As the hub converts a data set to parquet: default/train/0000.parquet.
    fill(tmp_path, "README.md", "default/train/0000.jsonl", ".cache/x.jsonl")
    assert read(tmp_path)[0] == ["default/train/0000.jsonl"]
    fill(tmp_path, "socratic/train-00000-of-00001.jsonl")
    match = rf"in several folders: default, socratic\. Name one of them: {tmp_path.name}/default"
    with pytest.raises(DataError, match=match):
        read(tmp_path)
    assert read(tmp_path / "socratic")[0] == ["socratic/train-00000-of-00001.jsonl"]


def test_a_folder_of_plain_texts(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Once upon a time.\n\nThere was a cat.\n")
    with pytest.raises(DataError, match=r'only plain texts or empty ones\. .*\{"text": "…"\}'):
        read(tmp_path)
