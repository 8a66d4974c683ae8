"""slogen in the repositories of its users: the GitHub action, the GitLab job, hooks of pre-commit."""
