"""justfit: labelled text, images or tables to a tested feed-forward network that fits just right."""
