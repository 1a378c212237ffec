fn main() {
    let _ = crucial::cloud_closure!(|id, (a, b)| async move { id + a + b });
    let state = 1;
    let _ = crucial::cloud_closure!([state] |id: u32| async move { id + state });
    let _ = crucial::cloud_closure!(|text: &str| text.len());
    let _ = crucial::cloud_closure!(async |id: u32| id);
    let _ = crucial::cloud_closure!(main);
    let _ = crucial::cloud_closure!();
}
