"""What both servers are made of: models, errors, settings, the agent, sessions, pages. Knows no framework."""
