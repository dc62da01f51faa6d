"""The custom actions, one skill a file, all of them speaking to the shop through `handoff.client`."""
