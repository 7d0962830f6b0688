// Settings of buckets and objects: set, read, changed, deleted, read again; then set once more, for a restore to keep.
import type { Door } from '../door.ts';
import { type Area, type FidelityCase, headersOf } from './case.ts';

interface SettingExample {
  readonly query: string;
  /** The body to set it by; a bucket's name can be put into it. */
  readonly body: string | ((bucket: string) => string);
  readonly headers?: Readonly<Record<string, string>>;
}

const rule = (inner: string) => `<LifecycleConfiguration><Rule>${inner}</Rule></LifecycleConfiguration>`;
const owner = '<Owner><ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID></Owner>';
const reader =
  '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>';
const acl = `<AccessControlPolicy>${owner}<AccessControlList><Grant>${reader}<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`;
const destination = (bucket: string) =>
  `<S3BucketDestination><Bucket>arn:aws:s3:::${bucket}</Bucket><Format>CSV</Format></S3BucketDestination>`;
const openly =
  '<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls><BlockPublicPolicy>false</BlockPublicPolicy></PublicAccessBlockConfiguration>';

const bucketSettings: Readonly<Record<string, SettingExample>> = {
  'bucket tags': {
    query: 'tagging',
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>1 &amp; 2</Value></Tag><Tag><Key>é</Key><Value></Value></Tag></TagSet></Tagging>',
  },
  'bucket tags with a key twice': {
    query: 'tagging',
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>2</Value></Tag></TagSet></Tagging>',
  },
  CORS: {
    query: 'cors',
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>',
  },
  'CORS with an unknown method': {
    query: 'cors',
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>BREW</AllowedMethod></CORSRule></CORSConfiguration>',
  },
  'a lifecycle': {
    query: 'lifecycle',
    body: rule(
      '<ID>old</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>30</Days></Expiration>',
    ),
  },
  'a lifecycle that is refused': { query: 'lifecycle', body: rule('<ID>old</ID><Status>Perhaps</Status>') },
  'versioning switched on': {
    query: 'versioning',
    body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  },
  'a website': {
    query: 'website',
    body: '<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>404.html</Key></ErrorDocument></WebsiteConfiguration>',
  },
  'a website that redirects': {
    query: 'website',
    body: '<WebsiteConfiguration><RedirectAllRequestsTo><HostName>example.com</HostName></RedirectAllRequestsTo></WebsiteConfiguration>',
  },
  notifications: {
    query: 'notification',
    headers: { 'x-amz-skip-destination-validation': 'true' },
    body: '<NotificationConfiguration><QueueConfiguration><Id>n</Id><Queue>arn:aws:sqs:us-east-1:000000000000:q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>',
  },
  'no notifications': { query: 'notification', body: '<NotificationConfiguration/>' },
  encryption: {
    query: 'encryption',
    body: '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>',
  },
  'a policy': {
    query: 'policy',
    body: (bucket) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
      }),
  },
  'a policy that is no JSON': { query: 'policy', body: 'allow all' },
  ownership: {
    query: 'ownershipControls',
    body: '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>',
  },
  'a block of public access': { query: 'publicAccessBlock', body: openly },
  'who pays': {
    query: 'requestPayment',
    body: '<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>',
  },
  acceleration: {
    query: 'accelerate',
    body: '<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>',
  },
  logging: {
    query: 'logging',
    body: (bucket) =>
      `<BucketLoggingStatus><LoggingEnabled><TargetBucket>${bucket}</TargetBucket><TargetPrefix>log/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`,
  },
  analytics: {
    query: 'analytics&id=one',
    body: '<AnalyticsConfiguration><Id>one</Id><StorageClassAnalysis/></AnalyticsConfiguration>',
  },
  'an inventory': {
    query: 'inventory&id=one',
    body: (bucket) =>
      `<InventoryConfiguration><Id>one</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>Current</IncludedObjectVersions><Schedule><Frequency>Daily</Frequency></Schedule><Destination>${destination(bucket)}</Destination></InventoryConfiguration>`,
  },
  metrics: { query: 'metrics&id=one', body: '<MetricsConfiguration><Id>one</Id></MetricsConfiguration>' },
  'intelligent tiering': {
    query: 'intelligent-tiering&id=one',
    body: '<IntelligentTieringConfiguration><Id>one</Id><Status>Enabled</Status><Tiering><AccessTier>ARCHIVE_ACCESS</AccessTier><Days>90</Days></Tiering></IntelligentTieringConfiguration>',
  },
  'an object lock': {
    query: 'object-lock',
    body: '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
  },
  replication: {
    query: 'replication',
    body: (bucket) =>
      `<ReplicationConfiguration><Role>arn:aws:iam::000000000000:role/r</Role><Rule><ID>r</ID><Status>Enabled</Status><Prefix></Prefix><Destination><Bucket>arn:aws:s3:::${bucket}</Bucket></Destination></Rule></ReplicationConfiguration>`,
  },
  'an ACL of the bucket as XML': { query: 'acl', body: acl },
  'a canned ACL of the bucket': { query: 'acl', body: '', headers: { 'x-amz-acl': 'public-read' } },
  'a setting that is unknown': { query: 'colour', body: '<Colour>blue</Colour>' },
  'a setting in broken XML': { query: 'cors', body: '<CORSConfiguration>' },
  'a setting without a body': { query: 'cors', body: '' },
};

const ofBuckets: readonly FidelityCase[] = Object.entries(bucketSettings).map(([name, example]) => ({
  name,
  async run({ raw, bucket }: Door) {
    const { query, headers = {} } = example;
    const body = typeof example.body === 'string' ? example.body : example.body(bucket);
    const set = () => raw('PUT', `?${query}`, { body, headers: headersOf(headers) });
    await raw('GET', `?${query}`);
    await set();
    await raw('GET', `?${query}`);
    await raw('DELETE', `?${query}`);
    await raw('GET', `?${query}`);
    await set();
  },
}));

const objectSettings: Readonly<Record<string, SettingExample>> = {
  'object tags': {
    query: 'tagging',
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>',
  },
  'eleven object tags': {
    query: 'tagging',
    body: `<Tagging><TagSet>${Array.from({ length: 11 }, (_, i) => `<Tag><Key>k${i}</Key><Value>v</Value></Tag>`).join('')}</TagSet></Tagging>`,
  },
  'an ACL of the object as XML': { query: 'acl', body: acl },
  'a canned ACL of the object': { query: 'acl', body: '', headers: { 'x-amz-acl': 'public-read' } },
  'grants of the object': {
    query: 'acl',
    body: '',
    headers: { 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
  },
  'a retention': {
    query: 'retention',
    body: '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2100-01-01T00:00:00Z</RetainUntilDate></Retention>',
  },
  'a legal hold': { query: 'legal-hold', body: '<LegalHold><Status>ON</Status></LegalHold>' },
};

const ofObjects: readonly FidelityCase[] = Object.entries(objectSettings).map(
  ([name, { query, body, headers = {} }]) => ({
    name,
    async run({ raw, bucket }: Door) {
      const set = () =>
        raw('PUT', `a?${query}`, { body: typeof body === 'string' ? body : body(bucket), headers: headersOf(headers) });
      await raw('PUT', 'a', { body: 'a' });
      await set();
      await raw('GET', `a?${query}`);
      await raw('HEAD', 'a');
      await raw('DELETE', `a?${query}`);
      await raw('GET', `a?${query}`);
      await set();
    },
  }),
);

const others: readonly FidelityCase[] = [
  {
    name: 'CORS, asked for by a browser',
    async run({ raw }) {
      const origin = ['Origin', 'https://www.example.com', 'Access-Control-Request-Method', 'GET'];
      await raw('OPTIONS', 'a', { headers: origin });
      await raw('PUT', '?cors', {
        body: '<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
      });
      await raw('PUT', 'a', { body: 'a' });
      await raw('OPTIONS', 'a', { headers: origin });
      await raw('OPTIONS', 'a', { headers: ['Origin', 'https://example.net', 'Access-Control-Request-Method', 'GET'] });
      await raw('OPTIONS', 'a');
      await raw('GET', 'a', { headers: origin.slice(0, 2) });
      await raw('PUT', 'b', { body: 'b', headers: origin.slice(0, 2) });
    },
  },
  {
    name: 'an ACL that the block of public access allows',
    async run({ raw }) {
      await raw('PUT', '?publicAccessBlock', { body: openly });
      await raw('PUT', '?ownershipControls', {
        body: '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>',
      });
      await raw('PUT', '?acl', { headers: ['x-amz-acl', 'public-read'] });
      await raw('PUT', 'a', { body: 'a', headers: ['x-amz-acl', 'public-read-write'] });
      await raw('PUT', 'b', { body: 'b' });
      await raw('PUT', 'b?acl', { headers: ['x-amz-acl', 'authenticated-read'] });
    },
  },
  {
    name: 'other calls on an object: restore, select, torrent, an append',
    async run({ raw }) {
      await raw('PUT', 'a', { body: 'a', headers: ['x-amz-storage-class', 'GLACIER'] });
      await raw('POST', 'a?restore', { body: '<RestoreRequest><Days>1</Days></RestoreRequest>' });
      await raw('HEAD', 'a');
      await raw('POST', 'a?select&select-type=2', { body: '<SelectObjectContentRequest/>' });
      await raw('GET', 'a?torrent');
      await raw('PUT', 'b', { body: 'b', headers: ['x-amz-write-offset-bytes', '0'] });
      await raw('PUT', 'a?renameObject', { headers: ['x-amz-rename-source', '/b'] });
    },
  },
];

export const settings: Area = { name: 'settings', cases: [...ofBuckets, ...ofObjects, ...others] };
