"""Re-scoring of a batch before delivery: do gold, the labellers and a reference agree with a label?

`runs` asks for a run and reads it, `job` carries it out in a process of its own: `folds` where a
classifier learns from the labels themselves, `chunked` where there are predictions, or nothing but
people. `sources`, `choices`, `boxes` and `crops` compare, `weighing` and `finishing` make quality,
suspects and an error rate of it; `compare` and `precision` tell what came of it. `predicting` runs
a client's network behind the walls of `confinement`. The only importer of torch.
"""
