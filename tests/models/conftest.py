"""A GGUF file, a hub on loopback and a cache folder: everything a base model can come from."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO = "someone/tiny"
TEMPLATE = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '<e>' }}{% endfor %}"


@pytest.fixture
def ft_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of ours."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama of one layer with a vocabulary of bytes, as a GGUF file."""
    import gguf
    import numpy as np

    path = tmp_path_factory.mktemp("gguf") / "small.gguf"
    tokens = ["<u>", "<b>", "<e>", *(chr(c) for c in range(33, 127)), "ab", "cd"]
    width, inner, heads, kv = 32, 64, 4, 2
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_rope_dimension_count(width // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_merges(["a b", "c d"])
    writer.add_token_types([3, 3, 3] + [1] * (len(tokens) - 3))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(0)
    shapes = {
        "token_embd": (len(tokens), width),
        "output_norm": (width,),
        "blk.0.attn_norm": (width,),
        "blk.0.attn_q": (width, width),
        "blk.0.attn_k": (width // heads * kv, width),
        "blk.0.attn_v": (width // heads * kv, width),
        "blk.0.attn_output": (width, width),
        "blk.0.ffn_norm": (width,),
        "blk.0.ffn_gate": (inner, width),
        "blk.0.ffn_up": (inner, width),
        "blk.0.ffn_down": (width, inner),
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(size=shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and a hub that nobody listens for."""
    from ft_magics.models import hub

    folder = tmp_path / "hub"
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(hub, "_silent_until", {})
    point_at(monkeypatch, "http://127.0.0.1:9")
    return folder


def point_at(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Make huggingface_hub ask another server; it read the variable when it was imported."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    )


def fill_cache(hub_cache: Path, folder: Path, repo: str = REPO, commit: str = COMMIT) -> Path:
    """Lay a model out as huggingface_hub does."""
    root = hub_cache / ("models--" + repo.replace("/", "--"))
    snapshot = root / "snapshots" / commit
    shutil.copytree(folder, snapshot)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    return snapshot


@pytest.fixture
def mini_hub(
    hub_cache: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """A hub on loopback with one model; the requests it got."""
    asked: list[str] = []
    files = {file.name: file.read_bytes() for file in tiny_folder.iterdir()}
    files["onnx/model.json"] = files["pytorch_model.bin"] = b"{}"

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            path = self.path.partition("?")[0]
            asked.append(path)
            if path == f"/api/models/{REPO}/tree/{COMMIT}":
                rows = [
                    {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                    for n, b in files.items()
                ]
                return self._send(200, json.dumps(rows).encode(), body)
            prefix = f"/{REPO}/resolve/"
            revision, _, name = path.removeprefix(prefix).partition("/")
            if not path.startswith(prefix):
                return self._send(404, b"", body, {"X-Error-Code": "RepoNotFound"})
            if revision not in ("main", COMMIT):
                return self._send(404, b"", body, {"X-Error-Code": "RevisionNotFound"})
            if name not in files:
                return self._send(404, b"", body, {"X-Error-Code": "EntryNotFound"})
            etag = f'"{hashlib.sha1(files[name]).hexdigest()}"'
            self._send(200, files[name], body, {"ETag": etag, "X-Repo-Commit": COMMIT})

        def _send(
            self, code: int, content: bytes, body: bool, headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(code)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    point_at(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    yield asked
    server.shutdown()
    server.server_close()
