def spoilt_trust(bench, key, text):
    raise NotImplementedError
