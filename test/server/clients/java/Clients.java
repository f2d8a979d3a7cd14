import com.fasterxml.jackson.databind.ObjectMapper;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.models.chat.completions.ChatCompletionContentPart;
import com.openai.models.chat.completions.ChatCompletionContentPartImage;
import com.openai.models.chat.completions.ChatCompletionContentPartText;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.service.AiServices;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Java's clients, unchanged, print what they get of a photo: one line of JSON. */
public class Clients {
    public record Photo(String caption, List<String> tags) {}

    public interface Describer {
        Photo describe(@dev.langchain4j.service.UserMessage List<dev.langchain4j.data.message.Content> contents);
    }

    private static final Map<String, Object> got = new LinkedHashMap<>();

    public static void main(String[] args) throws Exception {
        String photo = Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(args[2])));
        withOpenAi(args[0], args[1], photo);
        withLangChain(args[0], args[1], photo);
        System.out.println(new ObjectMapper().writeValueAsString(got));
        System.exit(0);
    }

    private static void withOpenAi(String address, String key, String photo) {
        OpenAIClient client =
                OpenAIOkHttpClient.builder().baseUrl(address + "/v1").apiKey(key).maxRetries(0).build();
        ChatCompletionContentPart text = ChatCompletionContentPart.ofText(
                ChatCompletionContentPartText.builder().text("What is this?").build());
        ChatCompletionContentPart image = ChatCompletionContentPart.ofImageUrl(ChatCompletionContentPartImage.builder()
                .imageUrl(ChatCompletionContentPartImage.ImageUrl.builder()
                        .url("data:image/jpeg;base64," + photo)
                        .build())
                .build());
        ChatCompletionCreateParams asked = ChatCompletionCreateParams.builder()
                .model("any")
                .addUserMessageOfArrayOfContentParts(List.of(text, image))
                .build();
        got.put("openai", client.chat().completions().create(asked).choices().get(0).message().content().get());

        StringBuilder words = new StringBuilder();
        try (var stream = client.chat().completions().createStreaming(asked)) {
            stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .forEach(choice -> choice.delta().content().ifPresent(words::append));
        }
        got.put("openai_stream", words.toString());

        var filled = client.chat().completions().create(ChatCompletionCreateParams.builder()
                .model("any")
                .addUserMessageOfArrayOfContentParts(List.of(text, image))
                .responseFormat(Photo.class)
                .build());
        Photo made = filled.choices().get(0).message().content().get();
        got.put("openai_class", made);

        try {
            client.chat().completions().create(ChatCompletionCreateParams.builder()
                    .model("any")
                    .addUserMessage("What is this?")
                    .build());
        } catch (BadRequestException refused) {
            got.put("openai_error", refused.statusCode());
        }
    }

    private static void withLangChain(String address, String key, String photo) {
        Map<String, String> headers = Map.of("Authorization", "Bearer " + key);
        fromLangChain("langchain_openai", photo, OpenAiChatModel.builder()
                .baseUrl(address + "/v1").apiKey(key).modelName("any").maxRetries(0)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA).build());
        fromLangChain("langchain_openai_text", photo, OpenAiChatModel.builder()
                .baseUrl(address + "/v1").apiKey(key).modelName("any").maxRetries(0).build());
        fromLangChain("langchain_ollama", photo, OllamaChatModel.builder()
                .baseUrl(address).modelName("any").customHeaders(headers).maxRetries(0)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA).build());
        fromLangChain("langchain_ollama_text", photo, OllamaChatModel.builder()
                .baseUrl(address).modelName("any").customHeaders(headers).maxRetries(0).build());
    }

    private static void fromLangChain(String name, String photo, ChatModel model) {
        List<dev.langchain4j.data.message.Content> contents =
                List.of(TextContent.from("Describe it."), ImageContent.from(photo, "image/jpeg"));
        got.put(name, model.chat(UserMessage.from(contents)).aiMessage().text());
        try {
            got.put(name + "_class", AiServices.create(Describer.class, model).describe(contents));
        } catch (RuntimeException error) {
            got.put(name + "_class", String.valueOf(error));
        }
    }
}
