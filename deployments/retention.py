"""How long what is kept, and the bucket's rules made of it.

python -m deployments.retention           puts the rules on the bucket that the settings name
python -m deployments.retention --table   prints the table of docs/retention.md

On AWS the stack puts the same rules (``deployments/aws``); this is for every other S3.
"""

import argparse
import json

import wiring
from models.retention import lifecycle, retention_table
from tasks.command import prefect_command


@prefect_command()
def main() -> None:
    """Put the rules on the bucket, or print the table."""
    parser = argparse.ArgumentParser(prog="python -m deployments.retention", description="How long each kind of data is kept.")
    parser.add_argument("--table", action="store_true", help="print the table of docs/retention.md")
    parser.add_argument("--rules", action="store_true", help="print the rules that would be put on the bucket")
    chosen = parser.parse_args()
    if chosen.table:
        print(retention_table(), end="")
    elif chosen.rules:
        print(json.dumps(lifecycle(wiring.kept()), indent=1))
    else:
        wiring.object_store().put_lifecycle(lifecycle(wiring.kept()))
        print(f"The rules are on the bucket {wiring.settings().bucket}")


if __name__ == "__main__":
    main()
