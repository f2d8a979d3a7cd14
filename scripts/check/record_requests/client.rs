// cargo run -- URL PHOTO, with the crates async-openai, reqwest, tokio and ureq
use async_openai::{config::OpenAIConfig, Client};
use reqwest::multipart::{Form, Part};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("URL");
    let path = arguments.next().expect("PHOTO");
    let photo = std::fs::read(&path).expect("the photo");
    let captions = format!("{url}/v1/captions");

    let client = reqwest::Client::new();
    let post = |name: &str| client.post(&captions).header("x-client", name);
    post("reqwest-body").body(photo.clone()).send().await.expect("a body");
    let halves = photo.chunks(photo.len() / 2 + 1).map(|half| Ok::<_, std::io::Error>(half.to_vec()));
    let halves: Vec<_> = halves.collect();
    let stream = reqwest::Body::wrap_stream(futures::stream::iter(halves));
    post("reqwest-stream").body(stream).send().await.expect("a stream");
    let part = Part::bytes(photo.clone()).file_name("photo.png").mime_str("image/png").expect("a type");
    let form = Form::new().text("beams", "2").part("image", part);
    post("reqwest-file").multipart(form).send().await.expect("a form");

    ureq::post(&captions).header("x-client", "ureq-body").send(&photo[..]).expect("a body");
    let file = std::fs::File::open(&path).expect("the photo");
    ureq::post(&captions).header("x-client", "ureq-stream").send(file).expect("a file");

    // The answer does not matter here: the recorder gives every request the same one.
    let image = format!("data:image/png;base64,{}", base64(&photo));
    let message = serde_json::json!({"model": "any", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "Describe."}, {"type": "image_url", "image_url": {"url": image}}]}]});
    let http = reqwest::Client::builder().default_headers(named("async-openai-chat")).build().expect("a client");
    let config = OpenAIConfig::new().with_api_base(format!("{url}/v1")).with_api_key("none");
    let request = serde_json::from_value(message).expect("a request");
    let _ = Client::with_config(config).with_http_client(http).chat().create(request).await;
}

fn named(client: &'static str) -> reqwest::header::HeaderMap {
    [(reqwest::header::HeaderName::from_static("x-client"), reqwest::header::HeaderValue::from_static(client))]
        .into_iter()
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |all, place| (all << 8) | u32::from(*three.get(place).unwrap_or(&0)));
        for place in 0..4 {
            let digit = DIGITS[((number >> (18 - 6 * place)) & 63) as usize];
            text.push(if place <= three.len() { digit as char } else { '=' });
        }
    }
    text
}
