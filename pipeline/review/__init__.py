"""The review page: a corpus to look at, question and correct, as one HTML file. Tables in, text out."""
