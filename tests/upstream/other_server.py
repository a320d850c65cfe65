"""llama.cpp's own HTTP server with a model made by hand: `python other_server.py --port 8200 --key KEY`.

Rule: run by a Python that has `xllamacpp` and `gguf`, never by the project's own; docs/upstream.md says how. The model
has no training: its layers add nothing and its last matrix leads from each token to the next of a sentence, so it is
known what it says. All else is llama.cpp's: template, sampling, parsing of tool calls, streaming, HTTP.
Neighbour: `test_other_server`, which knows the sentences.
"""

import argparse
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import gguf  # type: ignore[import-not-found]  # not in this project's environment
import numpy as np  # type: ignore[import-not-found]  # nor this
import xllamacpp  # type: ignore[import-not-found]  # nor this

EMBEDDING, HEADS, CONTEXT = 320, 5, 4096
STOPPING = {signal.SIGINT, signal.SIGTERM}
BASE = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
END = BASE.index("</s>")
SENTENCES = (  # the first token stands at the end of the prompt; no token twice: each has one that follows it
    ("<say>", "Hello", " from", " a", " model", " made", " by", " hand", "."),
    (
        *("<call>", "<tool_call>", '\n{"name', '": "calc', 'ulate", "', 'arguments": {', '"expression', '":'),
        *(' "6', " * 7", '"}}', "\n</tool_call>"),
    ),
    ("<tell>", "The", " tool", " has", " answered", "!"),
)
TEMPLATE = """
{%- if tools %}{{- '<s>system\\nYou may call:' }}
{%- for tool in tools %}{{- '\\n' + (tool | tojson) }}{%- endfor %}
{{- '\\n<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call></s>\\n' }}{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}{{- '<s>user\\n<tool_response>\\n' + message.content + '\\n</tool_response></s>\\n' }}
{%- elif message.role == 'assistant' %}{{- '<s>assistant' }}
{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
{%- for call in message.tool_calls or [] %}
{{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
{{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}
{%- endfor %}{{- '</s>\\n' }}
{%- else %}{{- '<s>' + message.role + '\\n' + message.content + '</s>\\n' }}{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<s>assistant\\n' }}
{%- if messages[-1].role == 'tool' %}{{- '<tell>' }}
{%- elif tools and 'calculate' in messages[-1].content %}{{- '<call>' }}
{%- else %}{{- '<say>' }}{%- endif %}
{%- endif %}
"""


def tokens() -> list[str]:
    """The vocabulary: what every tokenizer has, and the words of the sentences."""
    return [*BASE, *(word for sentence in SENTENCES for word in sentence)]


def kinds() -> Iterator[gguf.TokenType]:
    """What each token is; a sentence's first is none of the text."""
    yield from (gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL)
    yield from [gguf.TokenType.BYTE] * 256
    for _, *words in SENTENCES:
        yield gguf.TokenType.CONTROL
        yield from [gguf.TokenType.NORMAL] * len(words)


def last_matrix() -> np.ndarray:
    """From each token to the one that follows it; after the last of a sentence comes the end."""
    names = tokens()
    matrix = np.zeros((len(names), EMBEDDING), np.float32)
    for sentence in SENTENCES:
        places = [*map(names.index, sentence), END]
        for before, after in pairwise(places):
            matrix[after, before] = 20
    return matrix


def write(path: Path) -> None:
    """Write the model's file."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(1)
    writer.add_feed_forward_length(EMBEDDING)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    vocabulary(writer)
    words, one = len(tokens()), np.ones(EMBEDDING, np.float32)
    square = np.zeros((EMBEDDING, EMBEDDING), np.float32)
    layer = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    tensors = {f"blk.0.{name}": square for name in layer} | {f"blk.0.{name}": one for name in ("attn_norm", "ffn_norm")}
    tensors |= {"token_embd": np.eye(words, EMBEDDING, dtype=np.float32), "output_norm": one, "output": last_matrix()}
    for name, tensor in tensors.items():
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary(writer: gguf.GGUFWriter) -> None:
    """The tokenizer, SentencePiece's kind, and the template."""
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token.replace(" ", "\N{LOWER ONE EIGHTH BLOCK}") for token in tokens()])
    writer.add_token_scores([-float(place) for place, _ in enumerate(tokens())])
    writer.add_token_types(list(kinds()))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(END)
    writer.add_add_space_prefix(value=False)
    writer.add_chat_template(TEMPLATE.strip())


def serve(model: Path, port: int, key: str) -> None:
    """Serve it until a signal comes."""
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], port, [key]
    params.n_ctx, params.n_parallel, params.n_predict = CONTEXT * 4, 4, 64
    params.use_jinja = True
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    print(f"llama.cpp listens on {server.listening_address}", flush=True)  # noqa: T201 - a command
    signal.sigwait(STOPPING)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--key", default="other-key")
    asked = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)  # before llama.cpp has threads: they are for `sigwait` alone
    with TemporaryDirectory() as folder:
        write(Path(folder) / "model.gguf")
        serve(Path(folder) / "model.gguf", asked.port, asked.key)
