"""The encoder learns the collection: pairs, training, the verdict, and the swap of what is kept. docs/tuning.md"""
