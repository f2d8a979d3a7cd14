"""python structured.py URL PHOTO: what Python's libraries for structured output send, with the packages instructor,
langchain-openai, litellm, llama-index-llms-openai-like, llm, ollama and pydantic-ai-slim[openai]

They cannot use the recorder's answers, so each ends with an error, which does not matter here.
"""
import base64
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LANGCHAIN_TRACING_V2="false")

import instructor
import litellm
import llm
import ollama
from instructor.processing.multimodal import Image
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from llama_index.core.llms import ChatMessage, ImageBlock, TextBlock
from llama_index.llms.openai_like import OpenAILike
from openai import OpenAI
from pydantic import BaseModel, Field
from pydantic_ai import Agent, BinaryContent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

address, path = sys.argv[1:]
url = f"{address}/v1"
photo = Path(path).read_bytes()
picture = base64.b64encode(photo).decode()
data_url = f"data:image/png;base64,{picture}"
part = {"type": "image_url", "image_url": {"url": data_url}}


class Photo(BaseModel):
    """What a photo shows."""

    caption: str = Field(description="One sentence")
    tags: list[str]


def attempt(work):
    try:
        work()
    except Exception as error:  # noqa: BLE001
        print(type(error).__name__, file=sys.stderr)


def openai(client):
    return OpenAI(base_url=url, api_key="none", max_retries=0, default_headers={"X-Client": client})


for mode in ["TOOLS", "JSON_SCHEMA", "FUNCTIONS", "RESPONSES_TOOLS"]:
    wrapped = instructor.from_openai(openai(f"instructor-{mode.lower()}"), mode=getattr(instructor.Mode, mode))
    messages = [{"role": "user", "content": ["Describe", Image.from_path(path)]}]
    attempt(lambda: wrapped.create(model="any", response_model=Photo, messages=messages, max_retries=0))
partial = instructor.from_openai(openai("instructor-partial"))
messages = [{"role": "user", "content": [{"type": "text", "text": "Describe"}, part]}]
attempt(lambda: list(partial.create_partial(model="any", response_model=Photo, messages=messages, max_retries=0)))

content = [{"type": "text", "text": "Describe"}, {"type": "image", "base64": picture, "mime_type": "image/png"}]
for method in ["function_calling", "json_schema"]:
    for responses in [False, True]:
        name = f"langchain-{method}{'-responses' if responses else ''}"
        chat = ChatOpenAI(
            base_url=url, api_key="none", model="any", max_retries=0, use_responses_api=responses,
            default_headers={"X-Client": name},
        )
        asked = [HumanMessage(content)]
        attempt(lambda: chat.with_structured_output(Photo, method=method).invoke(asked))

tool = {"type": "function", "function": {"name": "photo", "parameters": Photo.model_json_schema()}}
choice = {"type": "function", "function": {"name": "photo"}}
for name, more in [
    ("litellm-tool", {"tools": [tool], "tool_choice": choice}),
    ("litellm-format", {"response_format": Photo}),
]:
    attempt(
        lambda: litellm.completion(
            model="openai/any", api_base=url, api_key="none", messages=messages, max_retries=0,
            extra_headers={"X-Client": name}, **more,
        )
    )

like = OpenAILike(
    model="any", api_base=url, api_key="none", is_chat_model=True, is_function_calling_model=True, max_retries=0,
    default_headers={"X-Client": "llamaindex-tool"},
)
blocks = [ImageBlock(path=path), TextBlock(text="Describe")]
attempt(lambda: like.as_structured_llm(Photo).chat([ChatMessage(role="user", blocks=blocks)]))

prompt = ["Describe", BinaryContent(photo, media_type="image/png")]
for name, kind, output in [
    ("pydantic-ai-tool", OpenAIChatModel, Photo),
    ("pydantic-ai-native", OpenAIChatModel, NativeOutput(Photo)),
    ("pydantic-ai-tool-responses", OpenAIResponsesModel, Photo),
]:
    provider = OpenAIProvider(base_url=url, api_key="none")
    settings = {"extra_headers": {"X-Client": name}}
    attempt(lambda: Agent(kind("any", provider=provider), output_type=output, model_settings=settings).run_sync(prompt))


def photo_info(caption: str, tags: list[str]) -> str:
    """Keeps what a photo shows.

    Args:
      caption: One sentence
      tags: Nouns
    """
    return caption


local = ollama.Client(host=address, headers={"X-Client": "ollama-tool"})
attempt(
    lambda: local.chat(
        model="any", messages=[{"role": "user", "content": "Describe", "images": [path]}], tools=[photo_info]
    )
)

with tempfile.TemporaryDirectory() as folder:
    os.environ["LLM_USER_PATH"] = folder
    Path(folder, "extra-openai-models.yaml").write_text(
        f"- model_id: edgecap\n  model_name: any\n  api_base: {url}\n  vision: true\n  supports_schema: true\n"
        "  headers:\n    X-Client: llm-schema\n"
    )
    attachment = llm.Attachment(path=path)
    attempt(
        lambda: llm.get_model("edgecap")
        .prompt("Describe", attachments=[attachment], schema=Photo, key="none", stream=False)
        .text()
    )
