"""Several traits to one number: coefficients, what they promise, and merit by draws."""
