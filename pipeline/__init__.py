"""The text pipeline: bytes and frames in, frames out; no files, no clock, no Dagster.

The steps in the order of the data: read, lines, furniture, label, split, assemble, dedup, publish.
`tables` declares what passes between them, `rulebook` the rules they apply, `corpus` composes them.
"""
