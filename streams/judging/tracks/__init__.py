"""车辆轨迹: where vehicles were, and what that says of the manifests that name them."""
