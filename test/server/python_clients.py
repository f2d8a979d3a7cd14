"""Asks a server by the official Python clients of OpenAI, Ollama and Azure, and prints what they made of its answers as JSON."""

import base64
import json
import sys

import ollama
import openai
import pydantic
from azure.ai.vision.imageanalysis import ImageAnalysisClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

address, photo_path = sys.argv[1:]
with open(photo_path, "rb") as file:
    photo = file.read()
url = "data:image/jpeg;base64," + base64.b64encode(photo).decode()
said = {}


def failure(work):
    """The kind of error that a client throws, and its text."""
    try:
        work()
    except (openai.APIError, ollama.ResponseError, HttpResponseError) as error:
        return [type(error).__name__, getattr(error, "status_code", None), str(error)]
    raise SystemExit("Nothing was thrown.")


def message(text, *urls):
    return {
        "role": "user",
        "content": [
            {"type": "text", "text": text},
            *({"type": "image_url", "image_url": {"url": one}} for one in urls),
        ],
    }


class Label(pydantic.BaseModel):
    """A class inside another, to which the schema refers by name."""

    name: str
    confidence: float = pydantic.Field(ge=0, le=1)


class Description(pydantic.BaseModel):
    """What the picture shows. The client's schema requires every property, and lets the optional ones be null."""

    caption: str
    labels: list[Label]
    place: str | None = None


client = openai.OpenAI(base_url=address + "/v1", api_key="secret", max_retries=0)


def chat(text, *urls, **settings):
    return client.chat.completions.create(model="gpt-4o", messages=[message(text, *urls)], **settings)


said["models"] = [model.id for model in client.models.list()]
said["model"] = client.models.retrieve("knowing").id
said["chat"] = chat("Describe", url).choices[0].message.content
said["two"] = chat("Describe", url, url).choices[0].message.content
said["tags"] = chat("tags", url).choices[0].message.content
said["choices"] = len(chat("", url, n=3).choices)
probable = chat("", url, logprobs=True, top_logprobs=2)
said["logprobs"] = "".join(token.token for token in probable.choices[0].logprobs.content)
parsed = client.chat.completions.parse(model="any", messages=[message("", url)], response_format=Description)
said["parsed"] = parsed.choices[0].message.parsed.model_dump()
said["usage"] = probable.usage.total_tokens
said["chunks"] = [
    chunk.choices[0].delta.content
    for chunk in chat("", url, stream=True, stream_options={"include_usage": True})
    if chunk.choices and chunk.choices[0].delta.content
]
said["note"] = client.chat.completions.with_raw_response.create(
    model="any", messages=[message("in French", url)]
).headers["edgecap-note"]
content = [{"type": "input_text", "text": "tags"}, {"type": "input_image", "image_url": url}]
said["response"] = client.responses.create(model="any", input=[{"role": "user", "content": content}]).output_text
with client.responses.stream(model="any", input=[{"role": "user", "content": content[1:]}]) as stream:
    said["response_stream"] = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
    said["response_final"] = stream.get_final_response().output_text
said["no_picture"] = failure(lambda: chat("Hello"))
said["no_url"] = failure(lambda: chat("", "https://example.org/a.jpg"))
stranger = openai.OpenAI(base_url=address + "/v1", api_key="wrong", max_retries=0)
said["stranger"] = failure(lambda: stranger.models.list())

local = ollama.Client(host=address, headers={"authorization": "Bearer secret"})
said["ollama_models"] = [model.model for model in local.list().models]
said["ollama_ps"] = [model.model for model in local.ps().models]
said["ollama_show"] = list(local.show("knowing").capabilities)
generated = local.generate(model="any", prompt="Describe", images=[photo], keep_alive="5m")
said["generate"] = generated.response
said["generate_times"] = [generated.prompt_eval_duration, generated.eval_duration, generated.eval_count]
said["generate_stream"] = [part.response for part in local.generate(model="any", images=[photo], stream=True)]
schema = Description.model_json_schema()
filled = local.generate(model="any", images=[photo], format=schema).response
said["generate_schema"] = Description.model_validate_json(filled).model_dump()
said["generate_json"] = json.loads(local.generate(model="any", images=[photo], format="json").response)
asked = [{"role": "user", "content": "one word", "images": [photo]}]
said["ollama_chat"] = local.chat(model="any", messages=asked).message.content
said["ollama_chat_stream"] = "".join(
    part.message.content for part in local.chat(model="any", messages=asked, stream=True)
)
said["ollama_no_picture"] = failure(lambda: local.generate(model="any", prompt="Hello"))
said["ollama_any_model"] = list(local.show("llava").capabilities)

azure = ImageAnalysisClient(endpoint=address, credential=AzureKeyCredential("secret"))
analysis = azure.analyze(photo, visual_features=["caption", "tags"], gender_neutral_caption=True, language="en")
said["azure"] = [
    analysis.caption.text,
    analysis.caption.confidence,
    [tag.name for tag in analysis.tags.list],
    [analysis.metadata.width, analysis.metadata.height],
    analysis.model_version,
]
bare = azure.analyze(photo, visual_features=["Caption"])
said["azure_caption"] = [bare.caption.text, bare.tags]
said["azure_no_feature"] = failure(lambda: azure.analyze(photo, visual_features=["read"]))
said["azure_no_picture"] = failure(lambda: azure.analyze(b"no picture", visual_features=["caption"]))
unknown = ImageAnalysisClient(endpoint=address, credential=AzureKeyCredential("wrong"))
said["azure_stranger"] = failure(lambda: unknown.analyze(photo, visual_features=["caption"]))

json.dump(said, sys.stdout)
