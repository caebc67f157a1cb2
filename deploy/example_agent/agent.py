"""What the image serves where nothing else is named."""

from google.adk.agents import Agent

import adk_nb

root_agent = Agent(
    name="example", model=adk_nb.default_model(), instruction="You help whoever speaks to you."
)
