"""The Kubernetes operator: watches custom resources, keeps pairs as asked, shows their state."""
