"""Static evaluation of versions and guards: requirements, launch of the model, required guard fields."""
