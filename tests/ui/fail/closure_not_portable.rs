struct Plain;

fn main() {
    let take = crucial::cloud_closure!(|_: Plain| async move {});
    let _ = take.spawn(Plain);
    let _ = crucial::cloud_closure!(|| Plain);
}
