"""Re-scoring of a batch before delivery: does a model that never saw a label agree with it?

`runs` asks for a run and reads it, `job` carries it out in a process of its own, `features` turns
assets into numbers, `crossval` predicts (the only importer of torch), `suspects` ranks.
"""
