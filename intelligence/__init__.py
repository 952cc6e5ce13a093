"""The four answers of the service, and the features they rest on."""
