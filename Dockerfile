# The images of the engine and of the operator. `make images` builds both, with or without an image registry.
# By hand: make the wheels first (`python3 -m hack.images wheels`), then docker build --target engine .
ARG BASE=python:3.11-slim-bookworm

# base: Python and nothing else of use. Any image with a Python 3.11 of Debian 12 will do.
FROM ${BASE} AS base
# kopf asks for the user's name to tell operators apart; no user list knows 65532.
ENV PATH=/opt/edgepair/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp LOGNAME=edgepair PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

# The two install stages are never shipped: pip and the wheels stay behind in them.
FROM base AS wheels
COPY build/images/wheels/ /wheels/
COPY images/install.py /install.py

FROM wheels AS engine-files
RUN ["python3", "/install.py", "engine"]

FROM base AS engine
COPY --from=engine-files /opt/edgepair /opt/edgepair
# root with all capabilities but two dropped: Kubernetes gives no other user the added ones (images/engine/README.md).
USER 0:0
ENTRYPOINT ["edgepair-engine"]

FROM wheels AS operator-files
RUN ["python3", "/install.py", "operator"]

FROM base AS operator
COPY --from=operator-files /opt/edgepair /opt/edgepair
USER 65532:65532
ENTRYPOINT ["edgepair-operator"]
CMD ["run"]
