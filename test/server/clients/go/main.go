// Go's clients of OpenAI and Ollama, unchanged, print what they get of a photo: one line of JSON.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	ollama "github.com/ollama/ollama/api"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/tmc/langchaingo/llms"
	langchain "github.com/tmc/langchaingo/llms/ollama"
)

var schema = map[string]any{
	"type": "object",
	"properties": map[string]any{
		"caption": map[string]any{"type": "string"},
		"tags":    map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	},
	"required":             []string{"caption", "tags"},
	"additionalProperties": false,
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	address, key := os.Args[1], os.Args[2]
	photo := must(os.ReadFile(os.Args[3]))
	picture := "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(photo)
	ctx := context.Background()
	got := map[string]any{}
	withOpenAI(ctx, address, key, picture, got)
	withGoOpenAI(ctx, address, key, picture, got)
	withOllama(ctx, address, key, photo, got)
	withLangChain(ctx, address, key, photo, got)
	fmt.Println(string(must(json.Marshal(got))))
}

func withOpenAI(ctx context.Context, address, key, picture string, got map[string]any) {
	client := openai.NewClient(option.WithBaseURL(address+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(0))
	parts := []openai.ChatCompletionContentPartUnionParam{
		openai.TextContentPart("What is this?"),
		openai.ImageContentPart(openai.ChatCompletionContentPartImageImageURLParam{URL: picture}),
	}
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage(parts)}
	chat := must(client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{Model: "any", Messages: messages}))
	got["openai"] = chat.Choices[0].Message.Content

	stream := client.Chat.Completions.NewStreaming(ctx, openai.ChatCompletionNewParams{Model: "any", Messages: messages})
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		whole.AddChunk(stream.Current())
	}
	must(0, stream.Err())
	got["openai_stream"] = whole.Choices[0].Message.Content

	strict := openai.ResponseFormatJSONSchemaJSONSchemaParam{Name: "photo", Schema: schema, Strict: openai.Bool(true)}
	format := openai.ChatCompletionNewParamsResponseFormatUnion{
		OfJSONSchema: &openai.ResponseFormatJSONSchemaParam{JSONSchema: strict},
	}
	filled := must(client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model: "any", Messages: messages, ResponseFormat: format,
	}))
	got["openai_schema"] = json.RawMessage(filled.Choices[0].Message.Content)

	content := responses.ResponseInputMessageContentListParam{
		{OfInputImage: &responses.ResponseInputImageParam{ImageURL: openai.String(picture), Detail: "auto"}},
	}
	response := must(client.Responses.New(ctx, responses.ResponseNewParams{
		Model: "any",
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
			responses.ResponseInputItemParamOfMessage(content, "user"),
		}},
	}))
	got["openai_response"] = response.OutputText()

	models := must(client.Models.List(ctx))
	got["openai_models"] = len(models.Data)

	_, err := client.Chat.Completions.New(ctx, openai.ChatCompletionNewParams{
		Model: "any", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("What is this?")},
	})
	var refused *openai.Error
	if errors.As(err, &refused) {
		got["openai_error"] = []any{refused.StatusCode, refused.Message}
	}
}

func withGoOpenAI(ctx context.Context, address, key, picture string, got map[string]any) {
	config := goopenai.DefaultConfig(key)
	config.BaseURL = address + "/v1"
	client := goopenai.NewClientWithConfig(config)
	request := goopenai.ChatCompletionRequest{Model: "any", Messages: []goopenai.ChatCompletionMessage{{
		Role: goopenai.ChatMessageRoleUser,
		MultiContent: []goopenai.ChatMessagePart{
			{Type: goopenai.ChatMessagePartTypeText, Text: "Give me tags"},
			{Type: goopenai.ChatMessagePartTypeImageURL, ImageURL: &goopenai.ChatMessageImageURL{URL: picture}},
		},
	}}}
	answer := must(client.CreateChatCompletion(ctx, request))
	got["go_openai"] = answer.Choices[0].Message.Content
	stream := must(client.CreateChatCompletionStream(ctx, request))
	defer stream.Close()
	text := ""
	for {
		chunk, err := stream.Recv()
		if err != nil {
			break
		}
		if len(chunk.Choices) > 0 {
			text += chunk.Choices[0].Delta.Content
		}
	}
	got["go_openai_stream"] = text
	_, err := client.CreateChatCompletion(ctx, goopenai.ChatCompletionRequest{Model: "any"})
	var refused *goopenai.APIError
	if errors.As(err, &refused) {
		got["go_openai_error"] = refused.HTTPStatusCode
	}
}

// keyed sends the server's token, for which Ollama's package has no setting.
type keyed string

func (key keyed) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("Authorization", "Bearer "+string(key))
	return http.DefaultTransport.RoundTrip(request)
}

func withOllama(ctx context.Context, address, key string, photo []byte, got map[string]any) {
	client := ollama.NewClient(must(url.Parse(address)), &http.Client{Transport: keyed(key)})
	text, lines := "", 0
	generate := &ollama.GenerateRequest{Model: "any", Prompt: "What is this?", Images: []ollama.ImageData{photo}}
	must(0, client.Generate(ctx, generate, func(part ollama.GenerateResponse) error {
		text += part.Response
		lines++
		return nil
	}))
	got["ollama"], got["ollama_lines"] = text, lines
	still := false
	chat := &ollama.ChatRequest{
		Model: "any", Stream: &still, Format: must(json.Marshal(schema)),
		Messages: []ollama.Message{{Role: "user", Content: "Describe it", Images: []ollama.ImageData{photo}}},
	}
	must(0, client.Chat(ctx, chat, func(part ollama.ChatResponse) error {
		got["ollama_schema"] = json.RawMessage(part.Message.Content)
		got["ollama_time"] = part.TotalDuration > 0
		return nil
	}))
	got["ollama_models"] = must(client.List(ctx)).Models[0].Name
	got["ollama_running"] = len(must(client.ListRunning(ctx)).Models)
	got["ollama_capabilities"] = must(client.Show(ctx, &ollama.ShowRequest{Model: "any"})).Capabilities
	got["ollama_version"] = must(client.Version(ctx)) != ""
	must(0, client.Heartbeat(ctx))
	var refused ollama.StatusError
	none := &ollama.GenerateRequest{Model: "any", Prompt: "What is this?"}
	err := client.Generate(ctx, none, func(ollama.GenerateResponse) error { return nil })
	if errors.As(err, &refused) {
		got["ollama_error"] = []any{refused.StatusCode, refused.ErrorMessage}
	}
}

func withLangChain(ctx context.Context, address, key string, photo []byte, got map[string]any) {
	client := &http.Client{Transport: keyed(key)}
	model := must(langchain.New(langchain.WithServerURL(address), langchain.WithModel("any"), langchain.WithHTTPClient(client)))
	message := llms.MessageContent{
		Role:  llms.ChatMessageTypeHuman,
		Parts: []llms.ContentPart{llms.BinaryPart("image/jpeg", photo), llms.TextPart("What is this?")},
	}
	answer := must(model.GenerateContent(ctx, []llms.MessageContent{message}))
	got["langchaingo"] = answer.Choices[0].Content
	streamed := ""
	must(model.GenerateContent(ctx, []llms.MessageContent{message}, llms.WithStreamingFunc(
		func(_ context.Context, part []byte) error {
			streamed += string(part)
			return nil
		},
	)))
	got["langchaingo_stream"] = streamed
}
