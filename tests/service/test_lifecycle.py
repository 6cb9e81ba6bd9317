"""Objects that have outlived their rule go, and no others."""

import datetime

from running import Running

from notorious.embedded.lifecycle import expire_objects


def test_what_has_outlived_its_rule_is_deleted(service: Running) -> None:
    objects, bucket = service.client("s3"), service.output("MediaBucket")
    objects.put_object(Bucket=bucket, Key="voices/local/old.f32", Body=b"x")
    objects.put_object(Bucket=bucket, Key="tracks/local/old/audio.flac", Body=b"x")

    def there(key: str) -> bool:
        return key in {entry["Key"] for entry in objects.list_objects_v2(Bucket=bucket)["Contents"]}

    now = datetime.datetime.now(datetime.UTC)
    assert expire_objects(service.access, bucket, now=now + datetime.timedelta(days=2)) == 0
    assert there("voices/local/old.f32")
    assert expire_objects(service.access, bucket, now=now + datetime.timedelta(days=4)) > 0
    assert not there("voices/local/old.f32")
    assert there("tracks/local/old/audio.flac"), "no rule speaks of tracks"


def test_a_bucket_without_rules_keeps_everything(service: Running) -> None:
    objects = service.client("s3")
    objects.create_bucket(Bucket="no-rules", CreateBucketConfiguration={"LocationConstraint": service.access.region})
    objects.put_object(Bucket="no-rules", Key="voices/x", Body=b"x")
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1000)
    assert expire_objects(service.access, "no-rules", now=later) == 0
