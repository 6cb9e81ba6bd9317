"""Reading, writing, resampling, filters, loudness, limiter, tags: what the engine needs of audio as such."""
