"""Models that run on this machine: worker processes, the files of models, back ends over both."""
