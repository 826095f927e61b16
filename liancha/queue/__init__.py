"""Work that may wait: named jobs, started once the change that asked for them is true.

`later("registry.import", pk)` runs `liancha.registry.jobs.import` in the worker after commit. A
name, so that actions never import the jobs above them. `Job` rows carry progress to the page.
"""
