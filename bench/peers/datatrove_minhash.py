"""datatrove's MinHash on articles, one task after another in one process: signatures, buckets, clusters, filter.

    python datatrove_minhash.py JSONL_FOLDER OUT

Runs in the peers' environment, with datatrove's own settings (5-grams, 14 buckets of 8 hashes).
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.dedup import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter


def main(folder: str, out: str) -> None:
    config = MinhashConfig()

    def run(name: str, tasks: int, *steps: PipelineStep) -> None:
        LocalPipelineExecutor(
            list(steps), tasks=tasks, workers=1, logging_dir=f"{out}/logs/{name}", skip_completed=False
        ).run()

    reader = JsonlReader(folder)
    run("signatures", 1, reader, MinhashDedupSignature(f"{out}/signatures", config=config))
    buckets = MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config)
    run("buckets", config.num_buckets, buckets)
    run("clusters", 1, MinhashDedupCluster(f"{out}/buckets", f"{out}/removed", config=config))
    run("filter", 1, reader, MinhashDedupFilter(f"{out}/removed"), ParquetWriter(f"{out}/kept", compression="zstd"))


if __name__ == "__main__":
    main(*sys.argv[1:])
