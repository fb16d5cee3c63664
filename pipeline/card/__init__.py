"""The corpus card: what stands in the table, how it was made, how far to trust it. Tables in, Markdown and SVG out."""
