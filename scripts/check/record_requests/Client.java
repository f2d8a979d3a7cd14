// java Client.java URL PHOTO
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

class Client {
  public static void main(String[] args) throws Exception {
    Path photo = Path.of(args[1]);
    String json = "{\"image\":\"" + Base64.getEncoder().encodeToString(Files.readAllBytes(photo)) + "\"}";
    send(args[0], "java-body", "image/png", HttpRequest.BodyPublishers.ofFile(photo));
    send(args[0], "java-stream", "application/octet-stream", HttpRequest.BodyPublishers.ofInputStream(() -> {
      try {
        return Files.newInputStream(photo);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    }));
    send(args[0], "java-json", "application/json; charset=UTF-8", HttpRequest.BodyPublishers.ofString(json));
  }

  static void send(String url, String client, String type, HttpRequest.BodyPublisher body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/captions"))
        .header("X-Client", client).header("Content-Type", type)
        .header("Accept", "application/json; charset=utf-8").POST(body).build();
    HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }
}
