use reqwest::blocking::{multipart, Client};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let url = format!("{}/v1/captions", args[1]);
    let photo = std::fs::read(&args[2]).unwrap();
    let client = Client::new();
    client.post(&url).header("x-client", "reqwest-body").body(photo.clone()).send().unwrap();
    let part = multipart::Part::bytes(photo.clone());
    client.post(&url).header("x-client", "reqwest-part").multipart(multipart::Form::new().part("image", part)).send().unwrap();
    let part = multipart::Part::bytes(photo).file_name("photo.png").mime_str("image/png").unwrap();
    client.post(&url).header("x-client", "reqwest-file").multipart(multipart::Form::new().text("beams", "2").part("image", part)).send().unwrap();
}
