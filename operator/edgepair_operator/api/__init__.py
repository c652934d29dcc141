"""The custom resources: models, schemas, columns, conditions."""
