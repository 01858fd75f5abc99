"""The inquiries that summarizers learn from: their vocabulary, generation, loading, profile and split."""
