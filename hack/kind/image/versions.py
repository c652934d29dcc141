"""The versions that belong together; `python3 -m hack.kind.image.renew` makes the module files anew after a change."""

KUBERNETES = "v1.37.2"  # of the minor that KIND itself defaults to
KIND = "v0.33.0"
HELM = "v3.22.0"
LOCAL_PATH_PROVISIONER = "v0.0.30"  # adds nothing to the modules of Kubernetes; newer ones might
# What KIND's pkg/apis/config/defaults/image.go names: the image that its release was tested with.
STOCK_NODE_IMAGE = "kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5"
