"""Fine-tuning, sweeps, model selection, promotion and rollback, launched from the Prefect UI."""
