"""How long a server of ours keeps a connection on which nothing is asked."""

# Seconds. A proxy asks again on a connection that it has kept: AWS's load balancer for 300 s (deployments.aws), Caddy for 120 s at most.
# A server that closes it in that moment, because its time was up or because the machine stood still, makes an answer 502 of it.
IDLE_SECONDS = 600
