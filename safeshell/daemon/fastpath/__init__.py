"""The fast path: answers given again by native code, and the C that does so."""
