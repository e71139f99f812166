"""`safeshell monitor`: what waits for a person's word, and what is decided, on one screen.

`feed` speaks to the daemon and knows no screen; `app` shows what any feed delivers.
"""
