"""The base job template of the ECS work pool that trainings run in: a task definition that is there, on the group that scales to zero.

It is written out instead of being taken from prefect-aws, whose template knows no GPU and asks for a launch type, which a capacity provider
does not go with.
"""

from typing import Any

# The task definition has the server's password as a secret. Named here, Prefect's worker leaves it out of the run's own variables, which
# anybody who may describe tasks reads, and which ECS refuses where they repeat a secret's name.
AUTH_SECRET = "readback/prefect-auth"


def job_template(*, cluster: str, family: str, container: str, capacity_provider: str) -> dict[str, Any]:
    """What Prefect's ECS worker makes a run of; a deployment may set the command's environment and nothing else."""
    request = {
        "cluster": "{{ cluster }}",
        "taskDefinition": "{{ task_definition_arn }}",
        "capacityProviderStrategy": [{"capacityProvider": "{{ capacity_provider }}", "weight": 1}],
        "overrides": {"containerOverrides": [{"name": "{{ container_name }}", "command": "{{ command }}", "environment": "{{ env }}"}]},
        "tags": "{{ labels }}",
    }
    return {
        "job_configuration": {
            "command": "{{ command }}",
            "env": "{{ env }}",
            "labels": "{{ labels }}",
            "name": "{{ name }}",
            "cluster": "{{ cluster }}",
            "container_name": "{{ container_name }}",
            "prefect_api_auth_string_secret_arn": AUTH_SECRET,
            "task_definition": {},
            "task_run_request": request,
        },
        "variables": {
            "type": "object",
            "properties": {
                "command": {"type": "string", "title": "Command"},
                "env": {"type": "object", "title": "Environment variables", "default": {}},
                "labels": {"type": "object", "title": "Labels", "default": {}},
                "name": {"type": "string", "title": "Name"},
                "cluster": {"type": "string", "title": "Cluster", "default": cluster},
                "container_name": {"type": "string", "title": "Container", "default": container},
                "task_definition_arn": {"type": "string", "title": "Task definition", "default": family},
                "capacity_provider": {"type": "string", "title": "Capacity provider", "default": capacity_provider},
            },
        },
    }
