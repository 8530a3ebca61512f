"""What `tools.site` puts together: the course as pages to read (`pages`) and as JupyterLite (`lite`)."""
