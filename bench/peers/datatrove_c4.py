"""datatrove's cleaning, one task in one process: JSONL → FTFY → C4's quality filter → language → Parquet.

    python datatrove_c4.py JSONL_FOLDER OUT LANGUAGE_MODEL|none

Runs in the peers' environment. `LANGUAGE_MODEL` is a fastText file for datatrove's own LanguageFilter, which would
download lid.176; `none` leaves the step out.
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import C4QualityFilter, LanguageFilter
from datatrove.pipeline.formatters import FTFYFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.lid import FT176LID
from fasttext.FastText import _FastText


class Given(FT176LID):
    """datatrove's own detector, with a model that lies on this machine."""

    file = ""

    @property
    def model(self) -> _FastText:
        if self._model is None:
            self._model = _FastText(self.file)
        return self._model


def main(folder: str, out: str, model: str) -> None:
    steps = [JsonlReader(folder), FTFYFormatter(), C4QualityFilter()]
    if model != "none":
        # Labels only: the pages of all languages go on, as they do in ours.
        language = LanguageFilter(label_only=True)
        language.model = Given()
        language.model.file = model
        steps.append(language)
    steps.append(ParquetWriter(out, compression="zstd"))
    LocalPipelineExecutor(steps, tasks=1, workers=1, logging_dir=f"{out}/logs", skip_completed=False).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
