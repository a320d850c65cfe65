"""Write the published schemas again from the models: `python -m loadtests.schemas`. Neighbours: `loadtests.schemas`."""

import sys

from loadtests.schemas import HERE, MODELS, text


def main() -> int:
    """Write every file, say which changed."""
    for name in MODELS:
        file, new = HERE / f"{name}.json", text(name)
        same = file.is_file() and file.read_text("utf-8") == new
        file.write_text(new, "utf-8", newline="\n")
        print(f"{name}: {'as it was' if same else 'changed'}")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
