/** A file of deployments is not what its schema asks for, or contradicts another file. */
export class InvalidDeploymentError extends Error {
  override readonly name = "InvalidDeploymentError";
}

/** What would be deployed cannot be worked out from the modules and the build. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
}
