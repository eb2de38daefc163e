"""A demonstration on real pictures, labelled by simulated people through the HTTP API.

`digits` are the pictures, `people` how each simulated labeller reads and how fast, `client` the
HTTP they speak, `floor` two weeks of their work on simulated time, `story` what happens around it.
"""
